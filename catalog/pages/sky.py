"""The sky about a spectrum by Aladin Lite: a page of its own, so that no other page may ask another host."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from .spectrum import spectrum_asked

ALADIN = "https://aladin.cds.unistra.fr"
HOSTS = (
    ALADIN,
    "https://*.cds.unistra.fr",
    "https://*.u-strasbg.fr",
)  # the script, its surveys and their mirrors


@require_safe
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})
@csp_update(  # type: ignore[arg-type]  # its views take a request only
    {
        "script-src": [ALADIN, "'wasm-unsafe-eval'"],
        "connect-src": [*HOSTS, "data:", "blob:"],
        "img-src": list(HOSTS),
        "style-src": [ALADIN],
        "font-src": [ALADIN, "data:"],
    }
)
def sky(request: HttpRequest, name: str) -> HttpResponse:
    """Aladin Lite at the spectrum's position; its page frames it once the reader asks."""
    spectrum, _ = spectrum_asked(name=name, release=request.GET.get("release"))
    if spectrum.ra is None:
        raise Http404(f"The position of {name} is not known.")
    return render(request, "catalog/sky.html", {"spectrum": spectrum})
