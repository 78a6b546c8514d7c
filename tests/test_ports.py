"""The specs forget no row of the documentation's table "Required Ports for BizTalk Server"."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest

from policy.core.model import Endpoints, Flow, Model, Named, OfKind, Service, packet_at
from policy.text.load import load
from policy.text.resolve import resolve

SPECS = Path(__file__).parent.parent / "specs" / "biztalk"
with (SPECS / "required_ports.csv").open(encoding="utf-8", newline="") as table:
    ROWS = tuple(csv.DictReader(table))

LARGE, WORKERS = "large_distributed", "large_distributed_information_workers"
HANDLERS = ("receive_isolated", "receive_in_process", "send")
ADAPTERS = ("receive_in_process", "send")  # the hosts of adapters that call servers themselves
SOURCES = {
    "administration_server": ("administration",),
    "bam_portal": ("bam_portal",),
    "master_secret_server": ("master_secret",),
    "processing_server": ("processing",),
    "receive_send_server": HANDLERS,
    "sso_server": ("sso_only", "processing"),
    "tracking_server": ("tracking",),
}
TARGETS = {
    "BAM Analysis database": ("bam_analysis_db",),
    "BAM Archive database": ("bam_archive_db",),
    "BAM Notification Services": ("notification_services",),
    "BAM Primary Import database": ("bam_primary_import_db",),
    "BAM Star Schema database": ("bam_star_schema_db",),
    "BizTalk Analysis database": ("analysis_db",),
    "BizTalk Management database": ("management_db",),
    "Business Rule Engine database": ("rule_engine_db",),
    "MessageBox database": ("messagebox_db",),
    "SSO database": ("sso_db",),
    "Tracking database": ("tracking_db",),
    "Master secret server": ("master_secret",),
    "Processing server": ("processing",),
    "Processing Server": ("processing",),
    "Processing server(s)": ("processing",),
    "IIS Server": ("receive_isolated", "bam_portal"),
    "File share /  /  EDI documents home share": ("file_server",),
    "FTP Server": ("ftp_server",),
    "POP3 Server": ("exchange",),
    "SMTP/Exchange": ("exchange",),
    "SQL adapter target": ("sql_adapter_target",),
    "Inbound clients": ("information_worker",),
}
CALLED_BY_ADAPTERS = {"file_server", "ftp_server", "exchange", "sql_adapter_target"}
Row = dict[str, str]


@cache
def model(name: str) -> Model:
    resolved = resolve(load(SPECS / f"{name}.policy"))
    assert resolved.faults == ()
    return resolved.model


def concerns(row: Row, design: Model) -> bool:
    """Whether the servers of the row are in the design: those of information workers are in one only."""
    parts = {*design.hosts, *design.components}
    return not parts.isdisjoint(SOURCES[row["source"]]) and not parts.isdisjoint(TARGETS[row["destination"]])


def connections(row: Row, design: Model) -> list[tuple[str, str]]:
    """The pairs of the design, (source, target), that the row asks for; inbound clients are who connects."""
    parts = {*design.hosts, *design.components}
    targets = [name for name in TARGETS[row["destination"]] if name in parts]
    if row["destination"] == "Inbound clients":
        return [(target, source) for source in SOURCES[row["source"]] for target in targets]
    sources = [name for name in SOURCES[row["source"]] if name in parts]
    calling = ADAPTERS if CALLED_BY_ADAPTERS & {*targets} else sources
    return [(source, target) for source in sources if source in calling for target in targets]


def intervals(port: str) -> list[tuple[int, int]]:
    """The ports of "1433", "80 or 443" or "49152-65535"."""
    bounds = [part.split("-") for part in port.split(" or ")]
    return [(int(bound[0]), int(bound[-1])) for bound in bounds]


def holds_all(services: Iterable[Service], low: int, high: int) -> bool:
    """Whether the services together have every TCP port from low to high."""
    for first, last in sorted(run for service in services for run in service.plain + service.authenticated):
        if first <= low <= last:
            low = last + 1
    return low > high


def below(kind: str, wanted: str, design: Model) -> bool:
    return kind == wanted or any(below(parent, wanted, design) for parent in design.kinds[kind])


def holds(part: Endpoints, name: str, design: Model) -> bool:
    """Whether the end of a flow speaks of the host or component: by its name, its kind, or a place it may be in."""

    def fits(term: object) -> bool:
        host = design.hosts.get(name)
        match term:
            case Named("host" | "component", other):
                return other == name
            case Named("zone" | "domain", place) if host is not None:
                return any(zone.name == place or design.zones[zone.name].domain == place for zone in host.zones)
            case OfKind(kind) if host is not None:
                return any(below(tag.name, kind, design) for tag in host.kinds)
        return False

    return any(map(fits, part.terms)) and not any(map(fits, part.minus))


def covering(design: Model, source: str, target: str) -> Sequence[Flow]:
    return [f for f in design.flows.values() if holds(f.source, source, design) and holds(f.target, target, design)]


def missing(row: Row, design: Model) -> list[tuple[str, str, str]]:
    """The connections that the row asks for and no flow of the design covers."""
    found = []
    for source, target in connections(row, design):
        services = [design.services[s] for flow in covering(design, source, target) for s in flow.services]
        bad = [run for run in intervals(row["port"]) if not holds_all(services, *run)]
        found += [(source, target, f"{low}-{high}") for low, high in bad]
    return found


@pytest.mark.parametrize("name", [LARGE, WORKERS])
def test_every_row_has_a_flow(name: str) -> None:
    """Every row that concerns servers of the design is covered by its flows: source, destination and port."""
    design = model(name)
    rows = [row for row in ROWS if concerns(row, design)]
    lost = {(row["source"], row["destination"], row["port"]): missing(row, design) for row in rows}
    assert {row: pairs for row, pairs in lost.items() if pairs} == {}
    assert all(connections(row, design) for row in rows)


def test_rows_without_a_server() -> None:
    """With information workers every row concerns a server; without, all but the portal's and the BAM databases'."""
    assert [row for row in ROWS if not concerns(row, model(WORKERS))] == []
    apart = [row for row in ROWS if not concerns(row, model(LARGE))]
    assert apart == [row for row in ROWS if row["source"] == "bam_portal" or row["destination"].startswith("BAM ")]


def test_table_is_whole() -> None:
    """The table has all its rows, and each is TCP with ports that the model can name."""
    assert len(ROWS) == 124
    assert {row["protocol"] for row in ROWS} == {"TCP"}
    runs = [run for row in ROWS for run in intervals(row["port"])]
    assert all(0 < low <= high < 65536 and packet_at(low).protocol == "tcp" for low, high in runs)


@pytest.mark.parametrize("name", [LARGE, WORKERS])
def test_a_forgotten_flow_is_noticed(name: str) -> None:
    """Without the flows of receive and send servers, rows of these servers are uncovered, and of no others."""
    design = model(name)
    kept = {key: flow for key, flow in design.flows.items() if not key.startswith("receive_send_")}
    poorer = Model(services=design.services, kinds=design.kinds, zones=design.zones, hosts=design.hosts,
                   components=design.components, flows=kept)  # fmt: skip
    sources = {row["source"] for row in ROWS if concerns(row, poorer) and missing(row, poorer)}
    assert sources == {"receive_send_server"}
