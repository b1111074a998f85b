"""The paper's numbers beside the portal's: the paper's (paper), ours (numbers), and both as a report."""
