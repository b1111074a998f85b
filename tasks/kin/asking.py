"""From what was sent to what was found: one way, with one set of limits, for page, tables and API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest, QueryDict

from catalog.arrays import load_spectrum
from catalog.codebooks import DamagedError
from catalog.evidence import spectra_named
from catalog.ingest.reasons import REASONS
from catalog.models import Codebook, Run, Spectrum
from catalog.tables import current_run
from retrieval.prepare import PrepareError
from retrieval.readers import ObservedSpectrum, Refused, read_sent

from .books import NoBookError, codebook_usual, codebooks_ready
from .forms import KinForm, UploadForm
from .limits import PLACES, LimitError, searches_count
from .packing import from_text
from .search import Kin, find_kin


class ProblemError(Exception):
    """Why nothing was found: `status` of HTTP, a `code`, what is wrong, and what to do."""

    def __init__(
        self, status: int, code: str, message: str, advice: str = "", *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.advice = advice
        self.retry_after = retry_after


class InMemory(MemoryFileUploadHandler):
    """Holds an upload in memory whatever its size, and stops at the limit: nothing touches the disk."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.received = 0
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > upload_limit():
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)


def upload_limit() -> int:
    """Bytes that an upload may have."""
    return settings.KIN_UPLOAD_MB * 2**20


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found, the form that asked for it, and the held spectrum that it is about, if it is one."""

    kin: Kin
    form: KinForm
    held: Spectrum | None


def choices(params: QueryDict) -> tuple[list[Codebook], Codebook | None]:
    """The configurations of the run asked for (``run``), else of the current one; and the usual one."""
    try:
        run = current_run(params.get("run") or None)
    except (Run.DoesNotExist, ValueError, OverflowError) as error:
        raise ProblemError(404, "no-run", f"There is no complete run {params.get('run')}.") from error
    ready = codebooks_ready(run) if run else []
    return ready, codebook_usual(ready) if ready else None


def check_length(request: HttpRequest) -> None:
    """Refuse a body over the limit before it is parsed. Raises ProblemError.

    It is read and thrown away, up to a point: browsers listen only when they have sent everything.
    """
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    slack = 2**16  # the other fields, and what parts them
    if length <= upload_limit() + slack:
        return
    left = min(length, 8 * upload_limit())
    while left > 0 and (piece := request.read(min(left, 2**18))):
        left -= len(piece)
    raise _too_large(length)


def _too_large(length: int) -> ProblemError:
    limit = settings.KIN_UPLOAD_MB
    return ProblemError(
        413, "too-large", f"The upload has {length / 2**20:.0f} MB; at most {limit} MB are taken.",
        REASONS["too-large"].advice,
    )  # fmt: skip


def answer(request: HttpRequest, params: QueryDict, *, form: KinForm | None = None) -> Answer:
    """Do the search that the parameters, and the uploaded file if there is one, ask for.

    The spectrum is the held one called ``spectrum`` (of a ``release``), or ``again``, which an earlier page
    handed out, or else the ``file``. Raises ProblemError.
    """
    form = form or form_of(request, params)
    if form.usual is None:
        raise ProblemError(
            503, "no-run", "No run has ended yet, so there are no templates to compare with.",
            "Come back when one has; its page says how far it is.",
        )  # fmt: skip
    if not form.is_valid():
        told = "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
        raise ProblemError(400, "form", told, "Correct what stands beside the fields.")
    try:
        searches_count(request)
        held = _held(params) if params.get("spectrum") else None
        with PLACES.taken():
            observed = _observed(request, params, form, held)
            asked = form.cleaned_data
            kin = find_kin(
                observed=observed,
                codebook=asked["configuration"],
                k=asked["k"],
                position=asked["position"],
                itself=held.pk if held else None,
            )
    except LimitError as error:
        code = "too-many" if error.status == 429 else "busy"
        raise ProblemError(error.status, code, str(error), retry_after=error.retry_after) from error
    except Refused as error:
        detail = f"{error.text} {error.detail}".strip()
        raise ProblemError(422, error.code, detail, error.advice) from error
    except PrepareError as error:
        raise ProblemError(422, error.code, error.detail, error.advice) from error
    except (NoBookError, DamagedError) as error:
        raise ProblemError(503, "no-codebook", str(error), "Choose another configuration.") from error
    return Answer(kin, form, held)


def form_of(request: HttpRequest, params: QueryDict) -> KinForm:
    """The form that the parameters fill. Raises ProblemError for a run that there is not."""
    ready, usual = choices(params)
    kind = KinForm if params.get("spectrum") or params.get("again") else UploadForm
    return kind(params, request.FILES if kind is UploadForm else None, codebooks=ready, usual=usual)


def _held(params: QueryDict) -> Spectrum:
    """The held spectrum that is meant, the newest of that name unless a release is given."""
    name, release = params.get("spectrum", ""), params.get("release")
    for spectrum in spectra_named(name=name):
        if not release or spectrum.release.slug == release:
            return spectrum
    within = f" in release {release}" if release else ""
    raise ProblemError(
        404,
        "not-held",
        f"No spectrum named {name} is held{within}.",
        "Look for it under Spectra, or upload it.",
    )


def _observed(
    request: HttpRequest, params: QueryDict, form: KinForm, held: Spectrum | None
) -> ObservedSpectrum:
    if held is not None:
        try:
            return load_spectrum(held)
        except OSError as error:
            raise ProblemError(
                404, "no-file", f"Of {held.name} only the catalogue's row is held, not its file.",
                "Upload the file.",
            ) from error  # fmt: skip
    if text := params.get("again"):
        return from_text(text)
    file = request.FILES.get("file")
    if not isinstance(file, InMemoryUploadedFile) or not isinstance(form, UploadForm):
        if any(getattr(handler, "received", 0) > upload_limit() for handler in request.upload_handlers):
            raise _too_large(int(request.META.get("CONTENT_LENGTH") or 0))
        raise ProblemError(
            400, "no-file", "There is no file.", "Choose one, or name a spectrum that is held."
        )
    return read_sent(file.read(), file.name or "spectrum", form.stated)
