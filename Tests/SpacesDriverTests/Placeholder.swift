// The tests of the driver of Spaces come here.
