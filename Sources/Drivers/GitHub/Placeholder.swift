// The driver of GitHub comes here.
