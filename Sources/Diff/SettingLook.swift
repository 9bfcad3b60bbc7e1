internal import DesiredState
internal import Formats

/// Looks for a setting at repositories of GitHub.
struct SettingLook {
    let observed: ObservedState
    let silent: [ResourceKind: String]

    /// Whether it is on: where every one of these shows it so; nil where one can't be asked, or doesn't say.
    func answer(_ setting: SecuritySetting, in names: [String]) -> (isOn: Bool?, why: String) {
        guard let seen = observed.kinds[.repository] else {
            return (nil, DraftText.unseen(.repository, silent[.repository]))
        }
        var unsaid: String?
        for name in names {
            guard let repository = seen.resources.first(where: { $0.key.name.lowercased() == name.lowercased() }) else {
                let reason = seen.completeness(of: name).words.reason
                unsaid = unsaid ?? "the repository \(name) was not seen" + (reason.map { ": \($0)" } ?? "")
                continue
            }
            switch repository.attributes[setting.rawValue]?.boolValue {
            case true?: continue
            case false?: return (false, "\(setting.rawValue) is disabled in the repository \(name)")
            case nil:
                unsaid =
                    unsaid
                    ?? "GitHub doesn't say whether \(setting.rawValue) is on in \(name): only its administrators see that"
            }
        }
        if let unsaid { return (nil, unsaid) }
        return (true, "\(setting.rawValue) is enabled in \(names.joined(separator: ", "))")
    }
}
