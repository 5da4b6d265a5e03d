/// `LISEZMOI.txt`: for whoever opens the archive years later, without the operator.
pub(super) fn readme(name: &str, day: &str) -> String {
    format!(
        "Preuves de {name}\n\
         établies le {day}\n\n\
         À quoi sert ce dossier\n\
         Il prouve ce que votre structure a encaissé et ce qui lui a été payé, même si l'opérateur du système disparaît.\n\
         Personne n'a besoin de croire l'opérateur : tout se vérifie avec des clés publiques.\n\n\
         Ce qu'il contient\n\
         - encaissements.csv : vos encaissements, un par ligne, à lire dans un tableur. Les chèques sont désignés par leur\n  \
         numéro (série-rang) ; aucune personne n'est nommée. La colonne « preuve » dit « oui » si la preuve est dans ce dossier.\n\
         - ecritures.ndjson : les écritures du fonds qui vous concernent, chacune avec sa preuve : encaissements,\n  \
         annulations, et les lignes qui disent quel virement paie quel encaissement.\n\
         - checkpoint : le point de contrôle signé auquel mènent toutes les preuves.\n\
         - checkpoint.vkey : la clé qui vérifie cette signature.\n\
         - cles.json : les clés publiques qui ont signé les chèques.\n\n\
         Comment le vérifier\n    \
         ccn verify evidence --vkey \"clé publiée\" preuves.zip\n\
         La clé publiée est celle de l'adresse /funding/log/checkpoint.vkey du site. Les financeurs et l'auditeur en gardent une copie :\n\
         comparez-la avec la leur. Sans --vkey, la vérification dit seulement que les fichiers vont ensemble.\n\
         Tout autre outil qui connaît RFC 9162 et C2SP tlog-checkpoint fait la même vérification (docs/PROOF.md).\n\n\
         Ce qu'il faut garder à côté\n\
         - Les chèques en papier, ou la photo de leurs codes QR : le code d'un chèque vaut de l'argent, il n'est donc gardé nulle\n  \
         part. Avec lui, vous prouvez aussi que le chèque était authentique :\n    \
         ccn verify evidence --tokens codes.txt preuves.zip     (un texte de code QR par ligne)\n\
         - Les reçus de votre téléphone : leur numéro « claim_id » est celui de la première colonne.\n\
         - Ce dossier lui-même, en plusieurs endroits. Téléchargez-en un nouveau après chaque contre-paiement.\n"
    )
}
