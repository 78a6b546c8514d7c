"""What the text means: every form of the language as a part of the model, and where it is written."""

from __future__ import annotations

import random
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from policy.core.layout import Layout
from policy.core.model import (
    ALWAYS,
    ICMP,
    LAST_POINT,
    UDP,
    Accepts,
    AccountsAccepted,
    Addresses,
    AllOf,
    And,
    AnyOf,
    Anything,
    Binder,
    CanReach,
    Compare,
    ConnectionsAreFlows,
    Count,
    Endpoints,
    Firewall,
    FlowsPossible,
    Iff,
    InPlace,
    Is,
    IsKind,
    Joins,
    Link,
    Listens,
    ListensOn,
    Model,
    Named,
    Not,
    Number,
    OfKind,
    Option,
    Or,
    Pass,
    PathClaim,
    Publish,
    Quantified,
    Relay,
    Rule,
    Runs,
    Same,
    Tagged,
    Then,
    Threat,
    Tier,
    Trust,
    Trusts,
    Variable,
)
from policy.text.load import load, load_text
from policy.text.resolve import Resolved, resolve

EXAMPLE = Path(__file__).parents[1] / "corpus" / "accept" / "example.policy"

PLACES = """
service web = tcp 80
service sql authenticated = tcp 1433
kind server
kind db: server
option soap
option proxy in { F, G }
domain A trusts B, D transitively when soap { tier 1  host a is server listens web host b }
domain B { tier -2 standalone zone x { isolated host c } zone y { untrusted host d } host e in x and y }
domain D { tier 3 host moving in A or B.x or D }
component data is db on a or c
component logs on d
firewall F joins A, B
firewall G joins A, B.x, D
"""


def model(text: str) -> Model:
    """The model of a text that has no faults."""
    resolved = resolve(load_text(text))
    assert [fault.message for fault in resolved.faults] == []
    return resolved.model


def claim(text: str) -> object:
    """The claim of an invariant in the design above."""
    return model(f"{PLACES}\ninvariant i: {text}").invariants["i"].claim


def host(name: str) -> Named:
    return Named("host", name)


def domain(name: str) -> Named:
    return Named("domain", name)


def some(*terms: object) -> Endpoints:
    return Endpoints(terms)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the example of the language page


@pytest.fixture(scope="module")
def example() -> Resolved:
    return resolve(load(EXAMPLE))


def test_the_example_resolves(example: Resolved) -> None:
    """It has no faults, and every declaration of it arrives."""
    assert example.faults == ()
    made = example.model
    assert made.title == "Three walls around the SSO database"
    assert list(made.domains) == ["internet", "perimeter", "service_interfaces", "services", "data", "corporate"]
    assert list(made.zones)[-2:] == ["corporate.intranet", "corporate.operations"]
    assert list(made.firewalls) == ["FW4", "FW3", "FW2", "FW1"]
    assert len(made.invariants) == 17
    assert {i.name for i in made.invariants.values() if i.expect == "violated"} == {
        "three_may_not", "nobody_reaches", "least_privilege"
    }  # fmt: skip


def test_the_example_has_its_options(example: Resolved) -> None:
    """What is declared, what the placement of a host leaves open, and its replicas."""
    assert example.model.options == {
        "soap_proxy": Option("soap_proxy", ("FW3", "FW4"), "declared", "either firewall may be the reverse proxy"),
        "perimeter.ftp_server": Option("perimeter.ftp_server", ("perimeter", "internet"), "placement"),
        "data.sql_messagebox count": Option("data.sql_messagebox count", ("1", "2", "3", "4"), "count"),
    }


def test_the_example_has_its_hosts_and_firewalls(example: Resolved) -> None:
    made = example.model
    ftp = made.hosts["perimeter.ftp_server"]
    assert ftp.zones == (
        Tagged("perimeter", Is("perimeter.ftp_server", "perimeter")),
        Tagged("internet", Is("perimeter.ftp_server", "internet")),
    )
    receiver = Named("host", "service_interfaces.receive_isolated")
    assert made.hosts["perimeter.http_rec"].relays == (Relay(("http",), (receiver,), ("http",)),)
    assert made.components["sso_db"].hosts == (Tagged("data.sql_sso"),)
    outer = made.firewalls["FW4"]
    assert outer.zones == ("internet", "perimeter")
    assert [rule.label for rule in outer.rules] == ["web", "mail", ""]
    condition = Is("soap_proxy", "FW4")
    assert outer.publishes == (Publish(("https",), some(domain("internet")), (receiver,), ("https",), condition),)
    assert made.firewalls["FW3"].rules[0].source == some(host("perimeter.http_rec"), Named("firewall", "FW4"))
    assert made.links == (Link(("corporate.intranet", "corporate.operations")),)
    assert Trust("corporate", "services") in made.trusts


def test_the_example_says_where_things_are_written(example: Resolved) -> None:
    """Names, first lines, and the parts of claims."""
    lines = EXAMPLE.read_text().splitlines()

    def written(*key: object) -> str:
        span = example.origins[key]
        assert span.line == span.end_line
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]

    assert written("design") == 'design "Three walls around the SSO database"'
    assert written("host", "corporate.intranet.files") == "files"
    assert written("option", "perimeter.ftp_server") == "ftp_server"
    assert written("zone", "data") == written("domain", "data") == "data"
    assert written("rule", "FW4", 0) == "web:  allow internet -> http_rec : http"
    assert written("default", "FW1") == "FW1"
    assert written("trust", 0) == "data"
    assert written("account", "host", "services.admin", 0) == "account data"
    assert written("relay", "host", "perimeter.http_rec", 0) == "relays http to receive_isolated as http"
    assert written("claim", "in_order") == "every path from internet to data passes FW4 then FW3 then FW1"
    assert written("part", "in_order", Pass(Named("firewall", "FW3"))) == "FW3"
    assert written("part", "accounts", AccountsAccepted()) == "every account is accepted"


def test_every_part_of_a_claim_has_a_place(example: Resolved) -> None:
    """All sub-claims and waypoints, so that a report can point at the one that fails."""

    def parts(value: object) -> set[object]:
        match value:
            case And(of) | Or(of) | Then(of) | AllOf(of) | AnyOf(of):
                return {value}.union(*map(parts, of))
            case Not(of):
                return {value} | parts(of)
            case Iff(left, right):
                return {value} | parts(left) | parts(right)
            case Quantified(body=body):
                return {value} | parts(body)
            case PathClaim(passes=passes) if passes is not None:
                return {value} | parts(passes)
        return {value}

    for invariant in example.model.invariants.values():
        for part in parts(invariant.claim):
            if not (isinstance(part, Not) and ("part", invariant.name, part.of) in example.origins):
                assert ("part", invariant.name, part) in example.origins


# ---------------------------------------------------------------- services and kinds


def test_services_hold_packets() -> None:
    """Ports on the line of all packets; groups join; overlaps and neighbours merge, but not two protocols."""
    found = model("""
        service single "about" = tcp 80
        service range = tcp 20-21, tcp 22, tcp 15-20
        service all_udp = udp
        service ping = icmp
        service everything = ip
        service asking authenticated = tcp 443, single
        service both = single, tcp 65535, all_udp, asking
    """).services
    assert found["single"].plain == ((80, 80),) and found["single"].about == "about"
    assert found["range"].plain == ((15, 22),)
    assert found["all_udp"].plain == ((UDP, UDP + 65535),)
    assert found["ping"].plain == ((ICMP, ICMP),)
    assert found["everything"].plain == ((0, LAST_POINT),)
    assert (found["asking"].plain, found["asking"].authenticated) == ((), ((80, 80), (443, 443)))
    assert found["both"].plain == ((80, 80), (65535, 65535), (UDP, UDP + 65535))
    assert found["both"].authenticated == ((80, 80), (443, 443))
    assert found["any"].plain == ((0, LAST_POINT),)


def test_groups_and_kinds_of_any_depth() -> None:
    """A thousand groups within each other, declared in whatever order, are no matter."""
    chain = "\n".join(f"service s{i} = s{i + 1}\nkind k{i}: k{i + 1}" for i in range(2000))
    made = model(f"{chain}\nservice s2000 = tcp 7\nkind k2000")
    assert made.services["s0"].plain == ((7, 7),)
    assert made.kinds["k0"] == ("k1",) and made.kinds["k2000"] == ()


# ---------------------------------------------------------------- names


def test_full_names_and_short_ones() -> None:
    """Hosts are named after the block that they are written in; any end of the dotted name means them."""
    made = model(
        """
        domain A { zone z { host deep } }
        domain B { host b }
        host top in A.z
        flow f: deep, z.deep, A.z.deep, top, b -> B.b : any
    """
    )
    assert list(made.hosts) == ["A.z.deep", "B.b", "top"]
    assert made.flows["f"].source.terms == (*[host("A.z.deep")] * 3, host("top"), host("B.b"))


def test_an_exact_full_name_wins() -> None:
    made = model("domain A { host x } domain x { host y }\nflow f: x -> A.x : any")
    assert made.flows["f"].source == some(domain("x"))
    assert made.flows["f"].target == some(host("A.x"))


def test_a_domain_without_zones_is_a_zone() -> None:
    made = model(PLACES)
    assert made.domains["A"].zones == ("A",) and made.domains["B"].zones == ("B.x", "B.y")
    assert made.zones["A"].domain == "A"
    assert made.firewalls["F"].zones == ("A", "B.x", "B.y")
    assert (made.zones["B.x"].standalone, made.zones["B.x"].isolated, made.zones["B.x"].untrusted) == (
        True,
        True,
        False,
    )
    assert (made.zones["B.y"].standalone, made.zones["B.y"].isolated, made.zones["B.y"].untrusted) == (
        True,
        False,
        True,
    )
    assert (made.domains["A"].tier, made.domains["B"].tier) == (1, -2)


def test_order_and_files_do_not_matter(tmp_path: Path) -> None:
    """Declarations reversed, or spread over files, are the same design."""
    lines = [line for line in PLACES.splitlines() if line]
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.policy").write_text('include "sub/a.policy"\n' + "\n".join(lines[:6]))
    (tmp_path / "sub" / "a.policy").write_text('include "../b.policy"\ninclude "../main2.policy"\n')
    (tmp_path / "b.policy").write_text("\n".join(lines[6:]))
    (tmp_path / "main2.policy").write_text('include "./b.policy"')
    loaded = load(tmp_path / "main.policy")
    names = [str(tmp_path / name) for name in ("main.policy", "sub/a.policy", "b.policy", "main2.policy")]
    assert list(loaded.sources) == names
    spread, reverse, plain = resolve(loaded), model("\n".join(reversed(lines))), model(PLACES)
    assert spread.faults == () and spread.model == plain
    assert reverse.hosts == plain.hosts and reverse.firewalls == plain.firewalls and reverse.options == plain.options


# ---------------------------------------------------------------- hosts and components


def test_placements() -> None:
    """By block, by choice, in several zones at once, under a condition."""
    made = model("""
        option o
        domain A
        domain B
        domain D { host here  host away in A  host both in A and B when o in D when not o }
        host chosen when o in A or B when o in D when not o
    """)
    assert made.hosts["D.here"].zones == (Tagged("D"),)
    assert made.hosts["D.away"].zones == (Tagged("A"),)
    o = Is("o", "true")
    assert made.hosts["D.both"].zones == (Tagged("A", o), Tagged("B", o), Tagged("D", Not(o)))
    chosen = made.hosts["chosen"]
    assert chosen.when == o
    a, b = Is("chosen", "A"), Is("chosen", "B")
    assert chosen.zones == (Tagged("A", And((o, a))), Tagged("B", And((o, b))), Tagged("D", Not(o)))
    assert made.options["chosen"].values == ("A", "B")


def test_what_is_on_a_host() -> None:
    """Kinds, services, relays (which are listened to), accounts, address, hardening, replicas."""
    made = model("""
        option o
        kind k kind l
        service s = tcp 1 service t = tcp 2
        domain A domain B
        component c "data" on h is k relays s to h as t account B when o
        host h "about" in A is k, l when o listens s, t when o listens any relays s to c, F, h account A, B when o
          at 10.0.0.1 when o hardened count 2..3
        host g in A hardened when o count 4
        firewall F joins A, B
    """)
    o, h, c = Is("o", "true"), host("h"), Named("component", "c")
    made_host = made.hosts["h"]
    assert made_host.about == "about"
    assert made_host.kinds == (Tagged("k", o), Tagged("l", o))
    assert made_host.relays == (Relay(("s",), (c, Named("firewall", "F"), h), ("s",)),)
    assert made_host.listens == (Listens(("s", "t"), o), Listens(("any",)), Listens(("s",)))
    assert made_host.accounts == (Tagged("A", o), Tagged("B", o))
    assert (made_host.address, made_host.address_when) == (ip_address("10.0.0.1"), o)
    assert (made_host.hardened, made.hosts["g"].hardened) == (ALWAYS, o)
    assert made.options[made_host.count or ""].values == ("2", "3")
    assert made.options[made.hosts["g"].count or ""].values == ("4",)
    component = made.components["c"]
    assert component.hosts == (Tagged("h"),) and component.about == "data"
    assert component.relays == (Relay(("s",), (h,), ("t",)),)
    assert component.accounts == (Tagged("B", o),)


def test_components_run_where_their_hosts_exist() -> None:
    """Two hosts that exist in different worlds may run the same component."""
    made = model("""
        option o
        domain A { host a when o runs c, d  host b when not o runs c }
        component c component d component e on a or b
    """)
    o = Is("o", "true")
    assert made.components["c"].hosts == (Tagged("A.a", o), Tagged("A.b", Not(o)))
    assert made.components["d"].hosts == (Tagged("A.a", o),)
    assert made.components["e"].hosts == (Tagged("A.a", Is("e", "A.a")), Tagged("A.b", Is("e", "A.b")))
    assert made.options["e"] == Option("e", ("A.a", "A.b"), "placement")


# ---------------------------------------------------------------- sets, rules, links, trusts, flows


def test_rules() -> None:
    """Sets, services, sides, conditions, labels; `any` holds firewalls here."""
    made = model(
        PLACES.replace(
            "firewall F joins A, B",
            """firewall F "outer" joins A, B {
        first: allow any except a, 10.0.0.0/8 -> all db, B, B.x, F, data : web, sql from A into B, D when not soap
        deny 10.1.2.3, 2001:db8::/32 -> any : any
        default allow
        publish web from any to a, data, G as sql
    }
    host addressed in A at 10.1.2.3
    host v6 in A at 2001:db8::1""",
        )
    )
    found = made.firewalls["F"]
    ten = Addresses(ip_network("10.0.0.0/8"))
    assert found.rules[0] == Rule(
        True,
        Endpoints((Anything(True),), (host("A.a"), ten)),
        some(OfKind("db"), domain("B"), Named("zone", "B.x"), Named("firewall", "F"), Named("component", "data")),
        ("web", "sql"),
        frozenset({"A"}),
        frozenset({"B.x", "B.y", "D"}),
        Not(Is("soap", "true")),
        "first",
    )
    single, block = Addresses(ip_network("10.1.2.3/32")), Addresses(ip_network("2001:db8::/32"))
    assert found.rules[1] == Rule(False, some(single, block), some(Anything(True)), ("any",))
    to = (host("A.a"), Named("component", "data"), Named("firewall", "G"))
    assert found.publishes == (Publish(("web",), some(Anything(True)), to, ("sql",)),)
    assert (found.default_allow, found.about) == (True, "outer")
    assert made.firewalls["G"] == Firewall("G", ("A", "B.x", "D"))


def test_links_trusts_and_flows() -> None:
    made = model(
        PLACES
        + """
        link A, B, D when soap
        flow f "about": any -> b : web, web when soap
    """
    )
    soap = Is("soap", "true")
    assert made.links == (Link(("A", "B.x", "B.y", "D"), soap),)
    assert made.trusts == (Trust("A", "B"), Trust("A", "D", True, soap))
    flow = made.flows["f"]
    assert (flow.source, flow.target) == (some(Anything()), some(host("A.b")))
    assert (flow.services, flow.when, flow.about) == (("web",), soap, "about")


def test_networks() -> None:
    made = model(
        "domain A { network 10.0.0.0/8, 2001:db8::/32 } domain B { zone z { network 10.1.0.0/16 network 10.2.0.0/16 } }"
    )
    assert made.zones["A"].networks == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert made.zones["B.z"].networks == (ip_network("10.1.0.0/16"), ip_network("10.2.0.0/16"))


# ---------------------------------------------------------------- conditions and claims

SOAP, F, A, B, D = Is("soap", "true"), Named("firewall", "F"), domain("A"), domain("B"), domain("D")
H, V = Variable("host", "h"), Variable("domain", "v")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("soap", SOAP),
        ("soap = false", Is("soap", "false")),
        ("proxy = F", Is("proxy", "F")),
        ("moving = A", Is("D.moving", "A")),
        ("D.moving = x", Is("D.moving", "B.x")),
        ("moving = B", Is("D.moving", "B.x")),
        ("data = a", Is("data", "A.a")),
        ("not soap or soap and soap", Or((Not(SOAP), And((SOAP, SOAP))))),
        ("soap implies soap implies soap", Or((Not(SOAP), Or((Not(SOAP), SOAP))))),
        ("soap iff soap iff soap", Iff(Iff(SOAP, SOAP), SOAP)),
        ("soap and soap and (soap and soap)", And((SOAP, SOAP, And((SOAP, SOAP))))),
    ],
)
def test_conditions(text: str, meaning: object) -> None:
    """Of assumptions, of items, and in claims alike."""
    assert claim(text) == meaning
    assert model(f"{PLACES}\nassume {text}").assumptions == (meaning,)
    assert model(f"{PLACES}\nlink A, B when {text}").links[0].when == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a in B", InPlace(host("A.a"), B)),
        ("data in x", InPlace(Named("component", "data"), Named("zone", "B.x"))),
        ("a is db", IsKind(host("A.a"), "db")),
        ("a runs data", Runs(host("A.a"), Named("component", "data"))),
        ("data listens on web, sql", ListensOn(Named("component", "data"), ("web", "sql"))),
        ("F joins A", Joins(F, A)),
        ("A trusts B", Trusts(A, B)),
        ("A accepts B", Accepts(A, B)),
        ("a = b", Same(host("A.a"), host("A.b"))),
        ("A = B", Same(A, B)),
        ("moving = a", Same(host("D.moving"), host("A.a"))),
        ("tier(A) <= tier(B)", Compare(Tier(A), "<=", Tier(B))),
        ("-3 != tier(B)", Compare(Number(-3), "!=", Tier(B))),
        (
            "count(host h in A, B except a: h = b) >= 2",
            Compare(
                Count((Binder("host", "h", Endpoints((A, B), (host("A.a"),))),), Same(H, host("A.b"))), ">=", Number(2)
            ),
        ),
        ("A, b can reach all db on sql", CanReach(some(A, host("A.b")), some(OfKind("db")), ("sql",))),
        ("every flow is possible", FlowsPossible()),
        ("every account is accepted", AccountsAccepted()),
        ("every connection is a flow", ConnectionsAreFlows()),
        (
            "every connection from any into B on web is a flow",
            ConnectionsAreFlows(some(Anything()), some(B), ("web",)),
        ),
        ("no path from any to B", PathClaim("no", some(Anything()), some(B))),
        (
            "some attack from A to B on web crosses at least 2 firewalls",
            PathClaim("some", some(A), some(B), ("web",), crosses=2, attack=True),
        ),
        (
            "every path from A to B within 4 steps passes F and (G or a then data) or c",
            PathClaim(
                "every",
                some(A),
                some(B),
                within=4,
                passes=AnyOf((
                    AllOf((
                        Pass(F),
                        AnyOf((
                            Pass(Named("firewall", "G")),
                            Then((Pass(host("A.a")), Pass(Named("component", "data")))),
                        )),
                    )),
                    Pass(host("B.x.c")),
                )),
            ),
        ),
        (
            "all domain v in A, D except A, zone z in v, firewall f in F: f joins z and v = D",
            Quantified(
                "all",
                (
                    Binder("domain", "v", Endpoints((A, D), (A,))),
                    Binder("zone", "z", some(V)),
                    Binder("firewall", "f", some(F)),
                ),
                And((Joins(Variable("firewall", "f"), Variable("zone", "z")), Same(V, D))),
            ),
        ),
        (
            "lone host h, component k: h runs k or soap",
            Quantified(
                "lone",
                (Binder("host", "h"), Binder("component", "k")),
                Or((Runs(H, Variable("component", "k")), SOAP)),
            ),
        ),
        (
            "no host h: some path from h to B passes h",
            Quantified("no", (Binder("host", "h"),), PathClaim("some", some(H), some(B), passes=Pass(H))),
        ),
    ],
)  # fmt: skip
def test_claims(text: str, meaning: object) -> None:
    """Every form of section 4 and 5 of the language."""
    assert claim(text) == meaning


def test_threats_and_expectations() -> None:
    made = model(
        PLACES
        + """
        invariant i "why" expect violated: soap
          even if F is bypassed and any 1 of F, G is bypassed and any 2 firewalls are compromised and A is compromised
        invariant j expect vacuous: soap even if any 3 of a, data, x, F are compromised
    """
    ).invariants
    g = Named("firewall", "G")
    assert (made["i"].expect, made["i"].about, made["j"].expect) == ("violated", "why", "vacuous")
    assert made["i"].threats == (
        Threat((F,), "bypassed", 1),
        Threat((F, g), "bypassed", 1),
        Threat((F, g), "compromised", 2),
        Threat((A,), "compromised", 1),
    )
    units = (host("A.a"), Named("component", "data"), Named("zone", "B.x"), F)
    assert made["j"].threats == (Threat(units, "compromised", 3),)
    assert made["i"].claim == SOAP


# ---------------------------------------------------------------- reading files


def faults(path: Path) -> list[tuple[str, bool]]:
    return [(fault.code, fault.span is None) for fault in resolve(load(path)).faults]


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """No file, a directory, a device, a name that is none: never an exception."""
    assert faults(tmp_path / "none.policy") == [("E002", True)]
    assert faults(tmp_path) == [("E002", True)]
    assert faults(Path("/dev/zero")) == [("E002", True)]
    assert faults(Path("a\0b")) == [("E002", True)]
    assert faults(Path("x" * 5000)) == [("E002", True)]


def test_nothing_is_unknown_where_a_file_is_missing(tmp_path: Path) -> None:
    """What the missing file may declare is not reported besides."""
    main = tmp_path / "main.policy"
    main.write_text('include "none.policy"\ndomain A { host a listens web }\nfirewall F joins A, B\n')
    assert faults(main) == [("E002", False)]


def test_a_byte_order_mark_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    main = tmp_path / "main.policy"
    main.write_bytes("\ufeffdomain A { host a }\r\ndomain B\r\nflow f: a -> B : nosuch\r\n".encode())
    resolved = resolve(load(main))
    assert [(f.code, f.span and (f.span.line, f.span.column)) for f in resolved.faults] == [("E010", (3, 18))]


def test_a_chain_of_a_thousand_includes(tmp_path: Path) -> None:
    """Is read, and closed to a circle is one fault."""
    for i in range(1000):
        (tmp_path / f"{i}.policy").write_text(f'include "{i + 1}.policy"\ndomain D{i}\n')
    (tmp_path / "1000.policy").write_text("")
    resolved = resolve(load(tmp_path / "0.policy"))
    assert resolved.faults == () and len(resolved.model.domains) == 1000
    (tmp_path / "1000.policy").write_text('include "0.policy"')
    assert faults(tmp_path / "0.policy") == [("E005", False)]


# ---------------------------------------------------------------- whatever the text is


def test_a_fault_free_design_can_be_laid_out() -> None:
    """Names of the model are consistent: the core accepts it."""
    for text in (EXAMPLE.read_text(), PLACES):
        Layout(model(text)).onwards  # noqa: B018


def mutants(text: str, number: int) -> list[str]:
    """Texts with a few words replaced, doubled, left out or exchanged."""
    chance = random.Random(number)
    words = re.findall(r"\w[\w.]*|\s+|[^\w\s]+", text)
    places = [i for i, word in enumerate(words) if not word.isspace()]
    found = []
    for _ in range(60):
        changed = list(words)
        for _ in range(chance.randint(1, 4)):
            i, j = chance.choice(places), chance.choice(places)
            changed[i] = chance.choice([words[j], "", f"{words[i]} {words[i]}", f"{words[i]}, {words[j]}", "x"])
        found.append("".join(changed))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_no_text_raises(seed: int) -> None:
    """Faults are values, always in order of place, the same on every run; what has none the core accepts."""
    for text in mutants(EXAMPLE.read_text() if seed % 2 else PLACES + "invariant i: all host h: h = a\n", seed):
        resolved = resolve(load_text(text))
        assert resolved.faults == resolve(load_text(text)).faults
        assert list(resolved.faults) == sorted(resolved.faults, key=lambda fault: fault.place)
        if not resolved.faults:
            Layout(resolved.model).onwards  # noqa: B018


def test_deep_claims_are_resolved() -> None:
    """As deep as the parser lets them be; too many variables within each other are a fault."""
    deep = "not " * 150 + "(" * 40 + "soap" + ")" * 40
    assert isinstance(claim(deep), Not)
    many = "".join(f"all host h{i}: " for i in range(150)) + "soap"
    codes = {fault.code for fault in resolve(load_text(f"{PLACES}\ninvariant i: {many}")).faults}
    assert codes == {"E004"}
    long = " and ".join(["soap"] * 3000)
    assert claim(long) == And((SOAP,) * 3000)


def test_a_design_without_names_left_over() -> None:
    """The declarations of an empty text are none."""
    assert resolve(load_text("")).model.hosts == {}
    assert resolve(load_text("# nothing\n")).faults == ()
