// The driver of Spaces comes here.
