"""Case files and their exports."""
