//! Which courier service a table means: by its code, or by what people call it.

use stallkeeper::domain::courier::{Courier, CourierService, CourierServiceId};

/// The service that a text names: `DPD/next-day`, or the names of courier and service in any spelling, if only one fits.
///
/// # Errors
/// No service fits, or several do; in words for a person.
pub(super) fn service(text: &str, couriers: &[Courier]) -> Result<CourierServiceId, String> {
    let all = || {
        couriers.iter().flat_map(|courier| {
            let of = move |service| (courier, service);
            courier.services.iter().map(of)
        })
    };
    let id = |(courier, service): (&Courier, &CourierService)| {
        CourierServiceId::new(courier.code.clone(), service.code.clone())
    };
    if let Ok(exact) = text.parse::<CourierServiceId>()
        && all().map(id).any(|offered| offered == exact)
    {
        return Ok(exact);
    }
    let wanted = plain(text);
    let called = |&(courier, service): &(&Courier, &CourierService)| {
        let couriers = [courier.code.as_str(), &courier.name];
        let services = [service.code.as_str(), &service.name];
        let both = couriers.iter().flat_map(|courier| {
            let join = move |service: &&str| plain(&format!("{courier}{service}"));
            services.iter().map(join)
        });
        let alone = services.iter().map(|service| plain(service));
        both.chain(alone)
            .any(|name| !name.is_empty() && name == wanted)
    };
    let fitting: Vec<CourierServiceId> = all().filter(called).map(id).collect();
    match &fitting[..] {
        [only] => Ok(only.clone()),
        [] => {
            Err("no courier has such a service; put it first: PUT /couriers/{courier}".to_owned())
        }
        several => {
            let several = several.iter().map(ToString::to_string);
            let several = several.collect::<Vec<_>>().join(", ");
            Err(format!("it may be any of: {several}; name one of them"))
        }
    }
}

/// Letters and digits alone, in one case.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_its_code_or_by_its_names_if_only_one_fits() {
        let service_of = |code: &str, name: &str| CourierService::new(code.parse().unwrap(), name);
        let courier = |code: &str, name: &str, services| Courier {
            code: code.parse().unwrap(),
            name: name.to_owned(),
            services,
        };
        let couriers = [
            courier(
                "DPD",
                "DPD UK",
                vec![
                    service_of("next-day", "Next day"),
                    service_of("12", "By noon"),
                ],
            ),
            courier(
                "RM",
                "Royal Mail",
                vec![service_of("24", "Tracked 24"), service_of("next-day", "")],
            ),
        ];
        let rows = [
            ("DPD/next-day", Some("DPD/next-day")),
            ("dpd - Next Day", Some("DPD/next-day")),
            ("DPD UK By noon", Some("DPD/12")),
            ("ROYAL MAIL: Tracked 24", Some("RM/24")),
            ("tracked 24", Some("RM/24")),
            ("next day", None),
            ("Yodel", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let got = service(text, &couriers).ok().map(|it| it.to_string());
            assert_eq!(got.as_deref(), expected, "{text}");
        }
        assert!(
            service("next-day", &couriers)
                .unwrap_err()
                .contains("DPD/next-day, RM/next-day")
        );
    }
}
