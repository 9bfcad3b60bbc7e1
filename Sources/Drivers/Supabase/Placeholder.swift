// The driver of Supabase comes here.
