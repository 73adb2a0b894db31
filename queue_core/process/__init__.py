"""What every process that runs for long needs: to stop, to be patient, to be listed."""
