// XMP packets, kept but for what is not true of a new picture. Source: XMP specification part 1 (ISO 16684-1).

import { DIGITAL_SOURCE, EMPTY_PACKET, STALE_XMP, STALE_XMP_IF_TURNED } from "./package_words.js";

const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const TIFF = "http://ns.adobe.com/tiff/1.0/";
const EXIF = "http://ns.adobe.com/exif/1.0/";
const XMLNS = "http://www.w3.org/2000/xmlns/";

/** What `packet` says that is true of a new picture as well.
 *
 * @param {string} packet "" if there is none; one that is damaged stays as it is.
 * @param {{size: [number, number], turned: boolean, note: boolean}} facts Width and height; whether it was turned
 *   upright; whether to say that a model added the colours.
 * @returns {string} "" if nothing is left.
 */
export function trueXmp(packet, { size, turned, note }) {
  if (!packet && !note) return "";
  const read = new DOMParser().parseFromString((packet || EMPTY_PACKET).replace(/\0+$/, ""), "application/xml");
  const rdf = read.getElementsByTagNameNS(RDF, "RDF")[0];
  if (!rdf || read.querySelector("parsererror")) return packet;
  const descriptions = [...rdf.children].filter((each) => each.namespaceURI === RDF && each.localName === "Description");
  for (const description of descriptions) {
    for (const property of [...description.attributes, ...description.children]) {
      if (property.namespaceURI === XMLNS || property.namespaceURI === RDF) continue;
      if (isStale(property, turned)) drop(property);
      else correct(property, size);
    }
  }
  if (note) state(read, rdf, descriptions);
  return says(rdf) ? new XMLSerializer().serializeToString(read) : "";
}

function isStale({ namespaceURI, localName }, turned) {
  return [STALE_XMP, ...(turned ? [STALE_XMP_IF_TURNED] : [])].some((table) => {
    const pattern = table[namespaceURI ?? ""];
    return pattern === null || (pattern !== undefined && new RegExp(`^(?:${pattern})`).test(localName));
  });
}

function drop(property) {
  if (property.ownerElement) property.ownerElement.removeAttributeNode(property);
  else property.remove();
}

/** Numbers that the new picture has as well, but others. */
function correct(property, [width, height]) {
  const numbers = { [TIFF]: { Orientation: 1, ImageWidth: width, ImageLength: height },
    [EXIF]: { PixelXDimension: width, PixelYDimension: height } };
  const number = numbers[property.namespaceURI]?.[property.localName];
  if (number !== undefined) property.textContent = number;
}

/** Say where the colours come from, once. */
function state(read, rdf, descriptions) {
  const { namespace, name, value, enough } = DIGITAL_SOURCE;
  const said = descriptions.flatMap((each) => [...each.attributes, ...each.children])
    .filter((each) => each.namespaceURI === namespace && each.localName === name);
  for (const property of said) {
    const address = property.getAttributeNS?.(RDF, "resource");
    if (enough.includes((address || property.textContent).trim())) continue;
    property.removeAttributeNS?.(RDF, "resource");
    property.textContent = value;
  }
  if (said.length) return;
  const description = read.createElementNS(RDF, "rdf:Description");
  description.setAttributeNS(RDF, "rdf:about", "");
  const element = read.createElementNS(namespace, `Iptc4xmpExt:${name}`);
  element.textContent = value;
  description.append(element);
  rdf.append(description);
}

const says = (rdf) => [...rdf.children].some((each) => each.children.length ||
  [...each.attributes].some(({ namespaceURI }) => ![XMLNS, RDF].includes(namespaceURI)));
