"""Why an import refuses a file or a row: the readers' reasons, and those that only a catalogue can have."""

from __future__ import annotations

from retrieval.readers import REFUSALS, Reason

REASONS: dict[str, Reason] = REFUSALS | {
    "name-taken": Reason(
        "Another file is held under this name, or for this obsid, in the release.",
        "Nothing was changed. If the survey published it again, import it under a release of its own "
        "with --release.",
    ),
    "name-unusable": Reason(
        "The file's name cannot name a spectrum.",
        "Rename the file to something of 1 to 160 characters, such as the survey's own name, "
        "and import it again.",
    ),
    "release-mismatch": Reason(
        "A simulated spectrum cannot stand in a release of observed ones, nor the reverse.",
        "Import it under another release with --release, or let its header choose.",
    ),
    "template-without-redshift": Reason(
        "A template needs a published redshift, and the file gives none.",
        "Give it another role, or leave the role to its class.",
    ),
    "truth-unreadable": Reason(
        "The table of what was simulated cannot be read.",
        "Take truth.ecsv as simulate_survey wrote it, and import again; the spectra are held.",
    ),
    "catalogue-row": Reason(
        "The row of the catalogue cannot be used.",
        "Correct the row, or fetch the catalogue again, and repeat the import: the rest is held.",
    ),
    "region-row": Reason(
        "The row of the H II region catalogue cannot be used.",
        "Compare the row with the published catalogue; the rest is in use.",
    ),
}
