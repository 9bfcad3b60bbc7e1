// The tests of the driver of Plane come here.
