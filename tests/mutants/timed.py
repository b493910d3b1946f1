"""Broken variants of the apply that no merge starts: it must write what began or ended by itself, and no more."""

from tests.mutants.mutant import Mutant

TIMED_MUTANTS = (
    Mutant(
        "takes back what somebody edited",
        "plan/begun.py",
        "frozenset(asked) - {each.number for each in found}",
        "frozenset(asked)",
        "P14",
        "plan/test_begun.py",
    ),
    Mutant(
        "begins before it is time",
        "plan/begun.py",
        "        if not override.window.has_begun(now):\n            continue\n",
        "",
        "P14",
        "plan/test_begun.py",
    ),
    Mutant(
        "forgets a surge once it is over",
        "plan/begun.py",
        "if not override.window.has_begun(now):",
        "if not override.window.is_open(now):",
        "P7",
        "plan/test_begun.py",
    ),
    Mutant(
        "mends drift on the other skills of a surge",
        "plan/scope.py",
        "return self.skills if self.begun is None else self.begun[row]",
        "return self.skills",
        "P14",
        "plan/test_begun.py",
    ),
    Mutant(
        "calls edited what others own",
        "plan/begun.py",
        "if len(numbers) != 1 or numbers[0] in ignored:",
        "if len(numbers) != 1:",
        "P14",
        "plan/test_begun.py",
    ),
)
