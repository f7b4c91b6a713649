"""Why two implementations differ: causes, named by intervention."""
