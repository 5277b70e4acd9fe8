"""What people ask of the data: one report a file. Nothing here changes anything."""
