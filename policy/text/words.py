"""The words of the language that are not names: one list for the parser, the formatter, messages and editors."""

WORDS: frozenset[str] = frozenset((
    "accepted", "accepts", "account", "address", "all", "allow", "and", "any", "are", "as", "assume", "at",
    "attack", "authenticated", "bypassed", "can", "component", "compromised", "connection", "count",
    "crosses", "default", "deny", "design", "domain", "even", "every", "except", "expect", "false",
    "firewall", "firewalls", "flow", "from", "hardened", "host", "icmp", "if", "iff", "implies", "in",
    "include", "into", "invariant", "ip", "is", "isolated", "joins", "kind", "least", "link", "listens",
    "lone", "network", "no", "not", "of", "on", "one", "option", "or", "passes", "path", "possible",
    "proved", "publish", "reach", "relays", "runs", "service", "some", "standalone", "steps", "tcp", "then",
    "tier", "to", "transitively", "true", "trusts", "udp", "untrusted", "vacuous", "violated", "when",
    "within", "zone",
))  # fmt: skip

DECLARATIONS: tuple[str, ...] = (
    "design", "include", "service", "kind", "option", "assume", "domain", "host", "component", "link", "firewall",
    "flow", "invariant",
)  # fmt: skip

ITEMS: tuple[str, ...] = (
    "untrusted", "standalone", "isolated", "tier", "network", "zone", "host", "is", "in", "on", "at", "listens", "runs",
    "relays", "account", "hardened", "count", "allow", "deny", "default", "publish",
)  # fmt: skip
