"""Search: untrusted. Z3 decides worlds and failures, closures decide paths; the core checks what comes out."""

from policy.solver.choose import Chooser
from policy.solver.prove import Answer, Fault, Prover

__all__ = ["Answer", "Chooser", "Fault", "Prover"]
