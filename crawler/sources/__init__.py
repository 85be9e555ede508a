"""The declared sources, with their archives, sites and schedules."""
