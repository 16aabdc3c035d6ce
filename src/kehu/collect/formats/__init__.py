"""The kinds of files that lie in a drop folder, each read into pieces of text rows."""
