"""What a stage may raise to end its job with a sentence for people."""


class JobError(Exception):
    """The job cannot be done as asked; the message names the numbers and says what to do. Not retried."""


class LeaseLostError(Exception):
    """The lease is no longer ours: somebody else has the chunk, or the job was cancelled."""
