"""What a host listens to in every world is not said again for the worlds in which it also relays it."""

from policy.report.survey import survey
from policy.report.tables import rendered
from policy.text.load import load_text
from policy.text.resolve import resolve

DESIGN = """
service web = tcp 443
service ssh = tcp 22
option front in { here, there }
domain outer { host box { listens web  relays web, ssh to site as web when front = here } }
domain inner { host site listens web }
firewall edge joins outer, inner {
  relayed: allow box -> site : web when front = here
  longer: allow box -> site : web when front = there and not front = here
}
"""


def test_always_leaves_out_sometimes() -> None:
    """`web` is always listened to, `ssh` only where it is relayed."""
    loaded = load_text(DESIGN)
    seen = survey("t", loaded, resolve(loaded))
    hosts = next(table for table in seen.tables if table.name == "hosts")
    box = dict(zip(hosts.heads, hosts.rows[0], strict=True))
    assert box["listens"] == ("web", "ssh?")


def test_tables_fit_a_terminal_of_80_columns() -> None:
    """Columns of words give way below their favourite width before the terminal has to wrap lines."""
    loaded = load_text(DESIGN)
    text = rendered([survey("t", loaded, resolve(loaded))], 80)
    assert max(map(len, text.splitlines())) <= 80
