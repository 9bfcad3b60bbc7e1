// The driver of Plane comes here.
