// The tests of the driver of GitHub come here.
