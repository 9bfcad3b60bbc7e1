public import Basics
internal import Formats

extension PlannedChange {
    /// What a person approves when approving this change: which object, what is done to it, and every value that moves.
    ///
    /// It is the same in every plan that would do exactly this, whenever that plan is made, and another as soon as
    /// anything about the change moves. Reasons and verdicts are left out: they tell the time and the state of the rest.
    /// Everything in it stands in the plan document, so that a plan that was read back gives the same; of a sensitive
    /// value only that it moves.
    public var approvalDigest: Digest {
        var hasher = CanonicalHasher("approval 1")
        hasher.append(key)
        hasher.append(action.rawValue)
        hasher.append(environment)
        hasher.append(providerID)
        hasher.append(isProtected)
        hasher.append(attributes.count)
        for attribute in attributes {
            hasher.append(attribute.path)
            hasher.append(attribute.isSensitive)
            hasher.append(attribute.requiresReplacement)
            hasher.append(attribute.isSensitive ? .null : attribute.before ?? .null)
            hasher.append(attribute.isSensitive ? .null : attribute.after ?? .null)
        }
        return hasher.finish()
    }
}
