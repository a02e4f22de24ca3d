"""An HTTP answer as it comes in, piece by piece. Pure."""

END = b"\r\n\r\n"
BODILESS = (204, 304)


class Response:
    """One answer, by the rules of RFC 9112, 6.3 (https://www.rfc-editor.org/rfc/rfc9112#section-6.3).

    Attributes:
        status: its status, 0 while its head is not whole.
        keeps: whether the connection stays open after it.
        until_close: whether only the end of the connection ends it.
    """

    def __init__(self) -> None:
        self.status = 0
        self.keeps = False
        self.until_close = False
        self._data = bytearray()
        self._at = 0  # where the body, or the next chunk of it, begins
        self._length: int | None = None  # None for chunks

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return bool(self._data)

    @property
    def body(self) -> bytes:
        """What has come of its body; of one in chunks, of its last chunk."""
        return bytes(self._data[self._at :])

    def feed(self, data: bytes) -> bool:
        """Take what has come; return whether the answer is whole.

        Raises:
            ValueError: this is not HTTP.
        """
        self._data += data
        if not self.status and not self._head():
            return False
        if self.until_close:
            return False
        return self._last_chunk() if self._length is None else len(self._data) >= self._at + self._length

    def _head(self) -> bool:
        end = self._data.find(END)
        if end < 0:
            return False
        first, *lines = self._data[:end].decode("latin-1").lower().split("\r\n")
        version, status, *_ = first.split(" ")
        fields = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._at = end + len(END)
        self.status = int(status)
        if self.status in BODILESS:
            self._length = 0
        elif "chunked" not in fields.get("transfer-encoding", ""):
            self._length = int(fields.get("content-length", -1))
        self.until_close = self._length == -1
        self.keeps = version == "http/1.1" and fields.get("connection") != "close" and not self.until_close
        return True

    def _last_chunk(self) -> bool:
        """Go from chunk to chunk, as far as they have come; return whether the last one was among them."""
        while (line := self._data.find(b"\r\n", self._at)) >= 0:
            size = int(self._data[self._at : line].partition(b";")[0], 16)
            if size == 0:
                return self._data.find(END, line) >= 0
            after = line + 2 + size + 2
            if after > len(self._data):
                return False
            self._at = after
        return False
