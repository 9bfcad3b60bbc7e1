// The tests of the driver of Docker come here.
