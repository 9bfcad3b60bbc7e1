internal import DesiredState
public import Diff
public import Drivers

extension SupabaseDriver: ValueOverwriting {
    /// Setting a secret is by its name alone; where its digest is wanted, no other value is to stand there anyway.
    public func overwrites(_ change: PlannedChange) -> Bool {
        change.key.kind == .supabaseSecret && !change.wanted.contains { $0.name == "value_sha256" }
    }
}
