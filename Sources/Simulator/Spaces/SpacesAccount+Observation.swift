import Basics
import Formats

extension SpacesAccount {
    /// Buckets with their rules; what is in them is not seen, so that they are empty.
    mutating func load(_ seen: Observation) {
        for item in seen["bucket"] {
            var bucket = Bucket(region: item.text("region"), created: now)
            let rules = (item.attributes["lifecycle_rules"]?.listValue ?? []).enumerated().map { Self.rule($1, $0) }
            if !rules.isEmpty {
                bucket.lifecycle = "<LifecycleConfiguration>\(rules.joined())</LifecycleConfiguration>"
            }
            buckets[item.name] = bucket
        }
        changes += 1
    }

    private static func rule(_ rule: Value, _ number: Int) -> String {
        var text = "<Rule><ID>loaded-\(number)</ID>"
        text += "<Filter><Prefix>\(escaped(rule["prefix"]?.stringValue ?? ""))</Prefix></Filter>"
        text += "<Status>\(rule["enabled"] == false ? "Disabled" : "Enabled")</Status>"
        if let days = rule["expiration_days"]?.intValue { text += "<Expiration><Days>\(days)</Days></Expiration>" }
        if let days = rule["abort_incomplete_upload_days"]?.intValue {
            text += "<AbortIncompleteMultipartUpload><DaysAfterInitiation>\(days)</DaysAfterInitiation>"
            text += "</AbortIncompleteMultipartUpload>"
        }
        return text + "</Rule>"
    }
}
