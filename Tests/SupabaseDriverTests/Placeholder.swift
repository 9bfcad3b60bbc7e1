// The tests of the driver of Supabase come here.
