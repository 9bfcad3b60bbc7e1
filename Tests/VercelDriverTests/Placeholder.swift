// The tests of the driver of Vercel come here.
