"""Decode and read one picture, in a confined process that receives pictures over a socket.

The process decodes bytes from strangers, so only plain data is accepted from it: MessagePack messages,
decoded strictly as a `PictureReading`. Once ready, it can open, start, change and signal nothing
(`crawler.workers.confinement`). It is replaced after a picture that ended it, which is not read again.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import warnings
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec

from crawler.errors import CrawlError
from crawler.pictures.ocr import LineReader
from crawler.workers.confinement import confine
from crawler.workers.page_parser import LENGTH, bound_memory, framed
from store.crawl.pictures import PictureCode, PictureReading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from PIL.Image import Image

    from crawler.pictures import PictureSettings
    from store.crawl.pictures import Box

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF")
SHOWN_SIDE = 1_200
"""Longest side of the copy for the reviewer, in pixels."""
READ_SIDE = 2_400
"""Longest side in which text is sought; larger pictures are reduced."""
SMALLEST_SIDE, LEAST_CONTRAST = 64, 8
"""Side in pixels and standard deviation of grey below which a picture looks like too many others."""
MOST_CODES = 20
LONGEST_CODE = 4_000
_START_S = 120.0
_PATIENCE = 4
"""Multiple of the processor time that may pass on the clock."""
_MOST_BYTES = 20_000_000
"""Largest answer: a copy of 1,200 pixels and some text are far smaller."""


class NoPictureReader(CrawlError):
    """The process that reads pictures cannot be started."""

    def __init__(self, why: str) -> None:
        super().__init__(f"No picture can be read here, so nothing was read. {why}")


class PictureWorker:
    """One confined process. Use it as a context manager."""

    def __init__(self, settings: PictureSettings) -> None:
        """Take the limits; the process starts with the first picture."""
        self._settings = settings
        self._process: Any = None
        self._socket: socket.socket | None = None

    def read(self, body: bytes) -> PictureReading:
        """Return the reading of a picture. Any fault of the picture becomes the sentence of the reading.

        Raises:
            NoPictureReader: If the process ends before it is ready.
        """
        connection = self._socket or self._start()
        try:
            connection.settimeout(self._settings.seconds * _PATIENCE)
            connection.sendall(LENGTH.pack(len(body)) + body)
            return msgspec.msgpack.decode(_message(connection), type=PictureReading)
        except msgspec.DecodeError:
            self.close()
            return _not_read("gave an invalid result")
        except (OSError, EOFError) as error:
            is_overdue = isinstance(error, TimeoutError)
            if is_overdue:
                self._process.kill()
            self._process.join()
            code = self._process.exitcode or 0
            self.close()
            if is_overdue or code == -signal.SIGPROF:
                return _not_read(f"took more than {self._settings.seconds} seconds and was ended")
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return _not_read(f"failed, because its process ended with {how}")

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=serve, args=(theirs, self._settings), name="picture reader", daemon=True
        )
        self._process.start()
        theirs.close()
        ours.settimeout(_START_S)
        try:
            why = _message(ours).decode("utf-8", "replace")
        except (OSError, EOFError) as error:
            self._process.kill()
            self._process.join()
            ours.close()
            raise NoPictureReader(
                f"Its process ended before it was ready ({self._process.exitcode})."
            ) from error
        if why:
            ours.close()
            raise NoPictureReader(why)
        self._socket = ours
        return ours

    def close(self) -> None:
        """Kill the process, which holds nothing of value."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._socket is not None:
            self._socket.close()
        self._process = self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _message(connection: socket.socket) -> bytes:
    (size,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    if size > _MOST_BYTES:
        raise EOFError
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        if not (block := connection.recv(min(size - len(received), 1 << 18))):
            raise EOFError
        received += block
    return bytes(received)


def _not_read(why: str) -> PictureReading:
    return PictureReading(sentence=f"Reading the picture {why}.")


# ---- in the confined process ----------------------------------------------------------------------------


def serve(connection: socket.socket, settings: PictureSettings) -> None:
    """Read pictures until the other end closes; SIGPROF ends the process over a picture that takes too long.

    An empty first message means that the process is ready; otherwise it says why it is not.
    """
    from threadpoolctl import threadpool_limits

    for sent_to_the_group in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sent_to_the_group, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    try:
        _load_everything(settings)
        threadpool_limits(1)
        bound_memory(settings.memory_mb * 2**20)
        confine()
    except Exception as error:  # noqa: BLE001 (whatever a package raises, the sentence says it)
        why = f"{type(error).__name__}: {error}".encode("utf-8", "replace")
        connection.sendall(LENGTH.pack(len(why)) + why)
        return
    with connection, connection.makefile("rb") as sent:
        connection.sendall(LENGTH.pack(0))
        while len(head := sent.read(LENGTH.size)) == LENGTH.size:
            body = sent.read(LENGTH.unpack(head)[0])
            signal.setitimer(signal.ITIMER_PROF, settings.seconds)
            reading = read_picture(body, settings)
            signal.setitimer(signal.ITIMER_PROF, 0)
            connection.sendall(framed(reading))


def _load_everything(settings: PictureSettings) -> None:
    """Read a picture that needs every reader and every decoder, since a confined process opens no file."""
    import cv2
    from PIL import Image, ImageDraw

    cv2.setNumThreads(1)
    picture = Image.new("RGB", (480, 160), "white")
    ImageDraw.Draw(picture).text((20, 20), "CAS 64-17-5", fill="black", font_size=40)
    ImageDraw.Draw(picture).rectangle((20, 100, 460, 140), outline="black")
    for name in FORMATS:
        packed = BytesIO()
        picture.save(packed, name)
        read_picture(packed.getvalue(), settings)
    _reader().warm_up(picture)


@cache
def _reader() -> LineReader:
    return LineReader()


def read_picture(body: bytes, settings: PictureSettings) -> PictureReading:
    """Return the reading of a picture; any fault of the picture becomes the sentence of the reading."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # checked here, with a sentence
    most = settings.megapixels * 1_000_000
    name, width, height = "", 0, 0
    try:
        with Image.open(BytesIO(body), formats=FORMATS) as opened:
            name, (width, height) = opened.format or "", opened.size
            if width * height > most:
                return PictureReading(
                    format=name,
                    width=width,
                    height=height,
                    sentence=f"The picture would have {width:,} × {height:,} pixels, more than "
                    f"{settings.megapixels} million; it was not decoded.",
                )
            opened.draft("RGB", (READ_SIDE, READ_SIDE))
            picture = _flat(_reduced(ImageOps.exif_transpose(opened), READ_SIDE))
        lines, unread = _reader().read(picture)
        return PictureReading(
            format=name,
            width=width,
            height=height,
            sentence=_unread_sentence(unread),
            lines=tuple(lines),
            unread_lines=unread,
            codes=tuple(_codes(picture)),
            perceptual_hash=_perceptual_hash(picture),
            shown=_shown(picture),
        )
    except UnidentifiedImageError:
        sentence = f"The bytes are not a picture in a known format ({', '.join(FORMATS)})."
    except MemoryError:
        sentence = "Reading the picture needs more memory than a picture may have."
    except Exception as error:  # noqa: BLE001 (decoders raise any error over hostile bytes)
        sentence = f"The picture cannot be decoded ({type(error).__name__}: {str(error)[:200]})."
    return PictureReading(format=name, width=width, height=height, sentence=sentence)


def _unread_sentence(unread: int) -> str:
    if not unread:
        return ""
    lines = "1 line of text" if unread == 1 else f"{unread} lines of text"
    return f"{lines} could not be read: the script or the writing is unknown here."


def _flat(picture: Image) -> Image:
    """Return a picture on white ground, without transparency."""
    from PIL import Image

    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture)
        picture = ground
    return picture.convert("RGB")


def _reduced(picture: Image, side: int) -> Image:
    if max(picture.size) <= side:
        return picture
    copy = picture.copy()
    copy.thumbnail((side, side))
    return copy


def _codes(picture: Image) -> Iterable[PictureCode]:
    import zxingcpp

    for found in zxingcpp.read_barcodes(picture)[:MOST_CODES]:
        place = found.position
        corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
        x, y = [corner.x for corner in corners], [corner.y for corner in corners]
        box: Box = (
            min(x) / picture.width,
            min(y) / picture.height,
            (max(x) - min(x)) / picture.width,
            (max(y) - min(y)) / picture.height,
        )
        yield PictureCode(format=found.format.name, text=found.text[:LONGEST_CODE], box=box)


def _perceptual_hash(picture: Image) -> bytes | None:
    import imagehash
    from PIL import ImageStat

    grey = picture.convert("L")
    is_plain = ImageStat.Stat(grey).stddev[0] < LEAST_CONTRAST
    if min(picture.size) < SMALLEST_SIDE or is_plain:
        return None
    return bytes.fromhex(str(imagehash.phash(grey)))


def _shown(picture: Image) -> bytes:
    packed = BytesIO()
    _reduced(picture, SHOWN_SIDE).save(packed, "WEBP", quality=60, method=2)
    return packed.getvalue()
