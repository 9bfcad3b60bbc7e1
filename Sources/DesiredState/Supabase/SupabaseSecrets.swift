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

    /// The places of secrets that are such, by what the registry says of their uses.
    static func places(_ secrets: SecretsRegistry) -> [SecretPlace] {
        secrets.entries.filter { secret in
            secret.isSound && secret.expectation == .present
                && secret.consumers.contains { $0.identifier?.hasPrefix(sources) == true }
        }.flatMap(\.places).filter { place in
            // Names with this beginning are Supabase's own.
            place.store == "supabase_vault" && place.isWritten && isName(place.name)
                && !place.name.hasPrefix("SUPABASE_")
        }
    }

    func want(_ places: [SecretPlace]) { for place in places { want(place) } }

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
