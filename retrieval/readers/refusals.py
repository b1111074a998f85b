"""Why a file is refused, and what is odd about one that is kept: two registries of codes and words."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """A refusal in words: what is wrong, and what the person who sent the file can do."""

    text: str
    advice: str


REFUSALS: dict[str, Reason] = {
    "empty": Reason("The file is empty.", "Fetch the file again; the transfer wrote no bytes."),
    "truncated": Reason(
        "The file ends before its data do.", "Fetch the file again and compare its size with the archive's."
    ),
    "not-fits": Reason(
        "The file is not FITS, or its header is damaged.",
        "Send the spectrum as FITS, as the survey's archive serves it; fetch it again if it came from there.",
    ),
    "wrong-hdus": Reason(
        "The FITS file lacks the parts of a spectrum.",
        "Send the whole file of the archive: a five-row image, a COADD table, or an SDSS spec file.",
    ),
    "unknown-layout": Reason(
        "The file is FITS, in a layout that is not known here.",
        "Send a LAMOST low-resolution or SDSS spec file, or a one-dimensional image with its wavelengths.",
    ),
    "medium-resolution": Reason(
        "The file is a LAMOST medium-resolution spectrum.",
        "Send the low-resolution file: R = 7500 spectra cover 4950-5350 and 6300-6800 A only, "
        "too little for redshifts from lines.",
    ),
    "medium-unstated": Reason(
        "The header does not say whether the wavelengths are in air or in vacuum.",
        "Add VACUUM = T (or F for air) to the header, or choose air or vacuum where you upload the file.",
    ),
    "medium-contradicted": Reason(
        "The file and its sender say different things about air and vacuum.",
        "Leave the choice to the file, or correct what it says.",
    ),
    "unit-unknown": Reason(
        "The unit of the wavelengths is not known here.",
        "Give wavelengths in Angstrom, nm or micron, and name the unit so.",
    ),
    "unit-unstated": Reason(
        "Nothing says in which unit the wavelengths are.",
        "Name the unit in the table, as in wavelength (nm), or choose it where you upload the file.",
    ),
    "unit-contradicted": Reason(
        "The file and its sender say different units.",
        "Leave the unit to the file, or correct what it says.",
    ),
    "columns-missing": Reason(
        "The table has no column of wavelengths, or none of flux, that is known here by its name.",
        "Name the columns wavelength and flux; ivar or error, and mask, may follow.",
    ),
    "flux-unit": Reason(
        "The flux is not given per wavelength.",
        "Convert it to flux per Angstrom (f_nu times c over the wavelength squared); any scale will do.",
    ),
    "several-spectra": Reason("The file holds several spectra.", "Send one spectrum in each file."),
    "table-unreadable": Reason(
        "The table cannot be read.",
        "Send a CSV with a line of names and as many values in each line, an ECSV, a VOTable, or FITS.",
    ),
    "table-remote": Reason(
        "The table refers to data or definitions outside of the file, or packs them inside.",
        "Save it again as a VOTable whose rows stand in the file (TABLEDATA or plain BINARY).",
    ),
    "web-page": Reason(
        "The file is a web page, not a spectrum.",
        "The archive probably answered with an error or a login page: open it in a browser and read it.",
    ),
    "archive": Reason("The file is an archive.", "Unpack it and send one spectrum."),
    "too-large": Reason(
        "The file is larger than one spectrum can be.", "Send one spectrum, without its single exposures."
    ),
    "wavelength-missing": Reason(
        "The file holds no wavelength solution.",
        "Send a file with a wavelength row or column, or with COEFF0 and COEFF1 in its header.",
    ),
    "wavelength-contradicted": Reason(
        "The header gives two different wavelength solutions.",
        "Send the spectrum as observed, not shifted to rest, or remove the solution that is wrong.",
    ),
    "wavelength-not-monotonic": Reason(
        "The wavelengths do not increase from pixel to pixel.",
        "Sort the pixels by wavelength, or fetch the file again.",
    ),
    "length-mismatch": Reason(
        "The arrays of the spectrum have different lengths.",
        "Fetch the file again, or repair it at its source.",
    ),
    "no-overlap": Reason(
        "The spectrum has no pixels between 3900 and 8900 A.",
        "Only optical spectra can be searched; check the unit of the wavelength axis.",
    ),
    "nan-flux": Reason(
        "The flux is not a number in some pixels.",
        "Mark bad pixels by inverse variance 0 and give them a finite flux.",
    ),
    "zero-flux": Reason("The flux is zero in every pixel.", "Nothing was observed here; leave the file out."),
    "ivar-zero": Reason(
        "The inverse variance is zero in every pixel.",
        "No pixel is trustworthy; leave the file out or fetch it again.",
    ),
    "duplicate": Reason("The same file was imported before.", "Nothing to do: the first copy is in use."),
    "archive-path": Reason(
        "The archive has a member whose path leads outside of it.",
        "Pack the files again with plain relative names.",
    ),
    "archive-bomb": Reason(
        "The file unpacks to more than a spectrum, or an import, can need.",
        "Unpack it yourself and send the spectra.",
    ),
    "archive-nested": Reason(
        "The archive holds another archive.", "Unpack the inner archive and send it by itself."
    ),
    "unreadable-archive": Reason(
        "The archive cannot be unpacked.", "Pack it again as zip or tar.gz, without a password."
    ),
    "file-unreadable": Reason(
        "The file cannot be opened.", "Look at its permissions and its disk, then import it again."
    ),
}

WARNINGS: dict[str, str] = {
    "obsid-missing": "The header has no OBSID: the spectrum is known by its file name.",
    "position-missing": "The header has no usable position: no cross-match is possible.",
    "zero-ends": "Pixels at an end hold flux 0 with positive inverse variance, which is set to 0 there.",
    "ivar-not-finite": "The inverse variance is not a finite number in some pixels; it is taken as 0 there.",
    "pixels-filled": "Pixels marked as without data are interpolated, with inverse variance 0.",
    "noise-estimated": "The file has no uncertainties; the noise is estimated from the flux.",
    "air-converted": "The wavelengths were in air and are converted to vacuum.",
    "vacuum-unstated": "The header has no VACUUM card; the survey's practice, vacuum, is assumed.",
    "cut-to-optical": "Pixels outside 2000 to 13000 A are left out.",
    "frame-unstated": "The table does not say that it is heliocentric: z may be off by 0.0001.",
    "not-heliocentric": "The wavelengths are not corrected to the heliocentre: z may be off by 0.0001.",
    "sky-fibre": "The fibre pointed at the sky, not at an object.",
}


class Refused(ValueError):  # noqa: N818 - not an error of ours: the file is refused
    """A file that cannot be used.

    ``code`` is a key of REFUSALS, ``detail`` names the numbers, ``advice`` says what to do.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    @property
    def text(self) -> str:
        return REFUSALS[self.code].text

    @property
    def advice(self) -> str:
        return REFUSALS[self.code].advice

    def __str__(self) -> str:
        return " ".join(part for part in (self.text, self.detail, self.advice) if part)
