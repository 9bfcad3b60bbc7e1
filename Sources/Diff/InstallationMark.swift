internal import DesiredState
internal import Formats

/// Where our mark on an object names the installation that made it: beside the mark, in a list of texts.
///
/// An older mark names none, and neither does that of an installation without a name: such an object is nobody's in
/// particular, and is taken over as always.
public struct InstallationMark: Sendable, Hashable {
    /// Of the object, such as `tags`.
    public let attribute: String
    /// What stands before the name: `odooops:by:`.
    public let prefix: String

    public init(_ attribute: String, prefix: String) {
        self.attribute = attribute
        self.prefix = prefix
    }

    /// The text for an installation.
    public func text(_ installation: String) -> String { prefix + installation }

    /// The installation whose an object is, where that is another one than ours; nil also where nobody is named.
    func other(than ours: String?, on object: ObservedResource) -> String? {
        let names = (object.attributes[attribute]?.listValue ?? []).compactMap(\.stringValue)
            .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        if let ours, names.contains(ours) { return nil }
        return names.min { $0.precedesByBytes($1) }
    }
}

extension KindSchema {
    /// The other installation that an object's mark names; nil where it is ours or nobody is named.
    public func otherInstallation(than ours: String?, of object: ObservedResource) -> String? {
        object.isOwned ? installationMark?.other(than: ours, on: object) : nil
    }
}
