"""What each statement of the loaders costs as the register grows, and whether its plan holds."""
