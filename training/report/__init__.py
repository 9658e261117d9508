"""One HTML file with the tables, plots and pictures of an evaluation, and the same figures as CSV and Markdown."""
