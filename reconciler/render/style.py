"""The few colours of a terminal; without colour, the same text."""

from dataclasses import dataclass

from reconciler.plan.change import Action

_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it alone."""

    has_color: bool = False

    def bold(self, text: str) -> str:
        """Weigh a heading."""
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        """Put into the background: places, hints."""
        return self._paint("2", text)

    def red(self, text: str) -> str:
        """Mark a loss or an error."""
        return self._paint("31", text)

    def green(self, text: str) -> str:
        """Mark a gain or a success."""
        return self._paint("32", text)

    def yellow(self, text: str) -> str:
        """Mark a change or a warning."""
        return self._paint("33", text)

    def action(self, action: Action, text: str) -> str:
        """Paint by what happens: green adds, yellow changes, red removes."""
        return {Action.ADD: self.green, Action.CHANGE: self.yellow, Action.REMOVE: self.red}[action](text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}{_RESET}" if self.has_color and text else text


PLAIN = Style()
