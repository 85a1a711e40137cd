"""What the tasks of segmenting share: their result, measures of regions, and steps of their recipes."""
