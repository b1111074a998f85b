"""Which pages the browser visits, and why it does not visit the other addresses.

Every named address stands in exactly one of these; tests/portal/test_every_page_is_visited.py sees to it.
"""

from __future__ import annotations

PUBLIC = {
    "home": ("/", 200),
    "galaxies": ("/galaxies/", 200),
    "galaxies filtered": ("/galaxies/?z_cl_min=0.05&bpt_class=star-forming&sort=-z_our", 200),
    "galaxies wrong": ("/galaxies/?z_cl_min=abc", 400),
    "galaxies none": ("/galaxies/?z_cl_min=5", 200),
    "nebulae": ("/nebulae/", 200),
    "nebulae all columns": ("/nebulae/?columns=all", 200),
    "unclear": ("/unclear/", 200),
    "regions": ("/regions/?has_spectra=true", 200),
    "no such region": ("/regions/G000.000+00.000/", 404),
    "candidates": ("/candidates/", 200),
    "lookups": ("/lookups/", 200),
    "spectra": ("/spectra/", 200),
    "give a list": ("/lists/", 200),
    "bpt": ("/bpt/", 200),
    "populations wrong": ("/populations/?x=nope", 400),
    "populations none": ("/populations/?z_cl_min=9", 200),
    "pipeline": ("/pipeline/", 200),
    "how it works": ("/how-it-works/", 200),
    "how it works wrong": ("/how-it-works/?k=9", 400),
    "figures": ("/figures/", 200),
    "figure of counts": ("/figures/snr/?snr_r_min=3", 200),
    "figure of shares": ("/figures/redshift/", 200),
    "figure of types": ("/figures/objtype/", 200),
    "figure compared": ("/figures/redshift-compared/", 200),
    "figure wrong": ("/figures/snr/?z_cl_min=abc", 400),
    "figure missing": ("/figures/none/", 404),
    "catalogues": ("/catalogues/", 200),
    "catalogue": ("/catalogues/1/", 200),
    "catalogue missing": ("/catalogues/999/", 404),
    "catalogues compared": ("/catalogues/1/compare/1/", 200),
    "runs": ("/runs/", 200),
    "runs compared": ("/runs/compare/", 200),
    "runs compared wrong": ("/runs/compare/?a=1&b=999", 400),
    "job missing": ("/jobs/999/", 404),
    "refusals": ("/refusals/", 200),
    "missing": ("/spectra/no-such-spectrum/", 404),
    "login": ("/admin/login/", 200),
}
"""By what it shows: path and status. test_pages.py visits each at both looks."""

STAFF = (
    "/admin/", "/admin/catalog/spectrum/", "/admin/tasks/job/launch/", "/admin/tasks/job/upload/",
    "/admin/tasks/job/counterparts/",
)  # fmt: skip
LOOKS = [(1440, "light"), (390, "dark")]

VISITED_BY = {
    "spectrum": "test_pages.py::test_page_of_a_row",
    "region": "test_pages.py::test_page_of_a_row",
    "run": "test_pages.py::test_run_page",
    "job": "test_pages.py::test_job_page",
    "given-list": "test_pages.py::test_given_list",
    "populations": "test_populations.py::test_page",
    "login": "test_inspection.py::test_pages",
    "inspection": "test_inspection.py::test_pages",
    "inspected": "test_inspection.py::test_pages",
    "votes": "test_inspection.py::test_pages",
    "conflicts": "test_inspection.py::test_pages",
    "inspect": "test_inspection.py::test_pages",
    "inspect-candidate": "test_inspection.py::test_pages",
    "practice": "test_inspection.py::test_practice_tells_the_truth_and_keeps_score",
    "practice-spectrum": "test_inspection.py::test_practice_tells_the_truth_and_keeps_score",
}
"""Named addresses whose path a test finds out by itself, and that test."""

JSON, FILE, ACTION = "JSON for a page that is visited", "a file to download", "takes a POST, leads to a page"
NOT_PAGES = {
    "health": "JSON for machines",
    "robots": "text for machines",
    "logout": ACTION,
    "spectrum-figure": JSON,
    "spectrum-over": JSON,
    "spectrum-distance": JSON,
    "spectrum-sky": "Aladin Lite in a frame, loaded from another host by the reader's choice",
    "spectrum-file": FILE,
    "region-figure": JSON,
    "how-it-works-json": JSON,
    "populations-plot": JSON,
    "populations-regions": JSON,
    "populations-selection": "a part of a page that is visited",
    "populations-inspect": ACTION,
    "inspect-queue": JSON,
    "inspect-vote": JSON,
    "inspect-take-back": JSON,
    "practice-queue": JSON,
    "practice-answer": JSON,
    "conflicts-queue": JSON,
    "conflicts-decision": JSON,
    "figure-json": JSON,
    "figure-data": FILE,
    "inspection-chain": FILE,
    "catalogue-checksums": FILE,
    "catalogue-file": FILE,
    "catalogue-spectra": FILE,
    "catalogue-differences": FILE,
    "download": FILE,
    "spectra-archive": FILE,
    "run-differences": FILE,
    "run-configurations": JSON,
    "run-configurations-data": FILE,
    "run-progress": JSON,
    "run-cancel": ACTION,
    "run-retry": ACTION,
    "job-progress": JSON,
    "job-cancel": ACTION,
    "job-retry": ACTION,
}
"""Named addresses that are no pages, and what they are."""
