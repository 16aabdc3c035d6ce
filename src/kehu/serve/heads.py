"""Heads: how long the first line and the headers of a request may be.

What reads requests keeps a head in memory until it ends, before anybody is asked who sends it.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 64 * 1024
"""So many bytes of a head are waited for."""


class ShortHeads(HttpToolsProtocol):
    """Reads requests; whoever sends a head without end is cut off."""

    _held: int | None = None
    """Bytes of a head that has not come to its end; None where there is none."""

    def data_received(self, data: bytes) -> None:
        """Take what came; what does not end a head is counted as a part of it."""
        super().data_received(data)
        if self._held is not None and not self.transport.is_closing():
            self._held += len(data)
            if self._held > MOST:
                self.send_400_response("The head of this request is too long.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._held = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """It came to its end."""
        self._held = None
        super().on_headers_complete()
