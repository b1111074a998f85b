"""Pages about runs and jobs: everybody reads, staff acts."""
