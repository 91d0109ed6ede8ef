"""Encoded answers that readers at the same cursor share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

ENTRIES = 64
# A long answer is one reader's catching up, seldom another's; kept, it would only weigh on the memory.
ENTRY_BYTES = 256 << 10
TOTAL_BYTES = 4 << 20


class SharedAnswers:
    """The newest answers, by what they say; bounded in number and in bytes, least recently used first out."""

    def __init__(self, entries: int = ENTRIES, total_bytes: int = TOTAL_BYTES) -> None:
        self._entries = entries
        self._total_bytes = total_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The answer under ``key``; ``make`` is called if there is none."""
        answer = self._answers.get(key)
        if answer is None:
            answer = make()
            if len(answer) > ENTRY_BYTES:
                return answer
            self._answers[key] = answer
            self._bytes += len(answer)
            self._trim()
        else:
            self._answers.move_to_end(key)
        return answer

    def _trim(self) -> None:
        while self._answers and (len(self._answers) > self._entries or self._bytes > self._total_bytes):
            _, answer = self._answers.popitem(last=False)
            self._bytes -= len(answer)
