// The driver of Vercel comes here.
