"""The science: numpy in, numpy out. Prepare spectra, find lines and redshifts, retrieve similar spectra."""

from retrieval.detect import detect_lines
from retrieval.prepare import prepare
from retrieval.quantizer import ProductQuantizer
from retrieval.redshift import line_redshift

__all__ = ["ProductQuantizer", "detect_lines", "line_redshift", "prepare"]
