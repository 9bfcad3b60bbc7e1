import Basics
import Formats

/// Wants the secrets of functions that the registry names: their presence, no value.
///
/// A function sees its secrets as variables. So a place in Supabase whose name is that of a variable, and which a
/// function's source uses, is such a secret; what else stands in the vault is read by the database alone.
struct SupabaseSecrets {
    let project: SupabaseReading.Project
    let drafts: DraftSet

    /// What the paths of functions begin with.
    private static let sources = "supabase/functions/"

    static func isName(_ text: String) -> Bool {
        !(48...57).contains(text.utf8.first ?? 48)
            && text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }

    func want(_ secrets: SecretsRegistry) {
        for secret in secrets.entries where secret.isSound && secret.expectation == .present {
            let isUsed = secret.consumers.contains { $0.identifier?.hasPrefix(Self.sources) == true }
            for place in secret.places where place.store == "supabase_vault" && place.isWritten {
                // Names with this beginning are Supabase's own.
                guard isUsed, Self.isName(place.name), !place.name.hasPrefix("SUPABASE_") else { continue }
                want(place)
            }
        }
    }

    private func want(_ place: SecretPlace) {
        switch project {
        case .none: return
        case .missing(let cause): drafts.report.unknown(.kind(.supabaseSecret), cause)
        case .known(let reference):
            let key = ResourceKey(.supabaseSecret, "\(reference.value)/\(place.name)")
            guard drafts.drafts[key] == nil, !drafts.report.isUnknown(.resource(key)) else { return }
            if drafts.report.isUnknown(.resource(place.key)) {
                let cause = Cause(
                    code: Code.secretDisagreement.rawValue,
                    reason: "the registry contradicts itself about \(place.name)", mark: place.source)
                return drafts.report.unknown(.resource(key), cause)
            }
            var draft = Draft(key, source: place.source)
            draft.isProtected = true
            drafts.add(draft)
        }
    }
}
