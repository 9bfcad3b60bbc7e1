/// Says what moved between a saved plan and one that was made now.
public enum PlanStaleness {
    /// One sentence for each thing that moved; empty when the saved plan still stands as it is.
    public static func compare(_ saved: SavedPlan, _ fresh: Plan) -> [String] {
        saved.fingerprint == fresh.fingerprint ? [] : ["the plan moved"]
    }
}
